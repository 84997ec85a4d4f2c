package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// More than any run has: the watch is never held up.
const queued = 100_000

// approve approves every request there is and every one that comes, without looking at it.
func approve(ctx context.Context, config *rest.Config, workers int) error {
	watching, err := client(config)
	if err != nil {
		return err
	}
	asking, err := client(config)
	if err != nil {
		return err
	}
	requests := make(chan *certificatesv1.CertificateSigningRequest, queued)
	for range workers {
		go func() {
			for csr := range requests {
				if err := approveOne(ctx, asking, csr); err != nil {
					fmt.Fprintln(os.Stderr, err)
				}
			}
		}()
	}
	return follow(ctx, watching, func(csr *certificatesv1.CertificateSigningRequest, added bool) {
		if added && len(csr.Status.Conditions) == 0 {
			requests <- csr
		}
	}, func() { fmt.Println("ready") })
}

// approveOne makes the three calls that an approval needs: the access review, the Node from etcd, the write.
func approveOne(ctx context.Context, asking *kubernetes.Clientset, csr *certificatesv1.CertificateSigningRequest) error {
	review, err := asking.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User:   csr.Spec.Username,
			Groups: csr.Spec.Groups,
			ResourceAttributes: &authorizationv1.ResourceAttributes{
				Group: "certificates.k8s.io", Resource: "certificatesigningrequests", Subresource: "selfnodeserver", Verb: "create",
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if !review.Status.Allowed {
		return fmt.Errorf("%s: the access review says no", csr.Name)
	}
	node := strings.TrimPrefix(csr.Spec.Username, "system:node:")
	if _, err := asking.CoreV1().Nodes().Get(ctx, node, metav1.GetOptions{}); err != nil {
		return err
	}
	approved := csr.DeepCopy()
	approved.Status.Conditions = append(approved.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Ceiling",
	})
	_, err = asking.CertificatesV1().CertificateSigningRequests().UpdateApproval(ctx, csr.Name, approved, metav1.UpdateOptions{})
	return err
}
