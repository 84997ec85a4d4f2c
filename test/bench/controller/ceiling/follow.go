package main

import (
	"context"

	certificatesv1 "k8s.io/api/certificates/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// follow tells of each request when it is there and whenever it changes, from a list on: again after every end of the
// watch, which a busy server may close. `added` may be told twice only of one that has its condition.
func follow(
	ctx context.Context,
	watching *kubernetes.Clientset,
	tell func(csr *certificatesv1.CertificateSigningRequest, added bool),
	ready func(),
) error {
	api := watching.CertificatesV1().CertificateSigningRequests()
	known := map[string]string{}
	saw := func(csr *certificatesv1.CertificateSigningRequest) {
		version, old := known[csr.Name]
		if version != csr.ResourceVersion {
			known[csr.Name] = csr.ResourceVersion
			tell(csr, !old)
		}
	}
	for ctx.Err() == nil {
		list, err := api.List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for i := range list.Items {
			saw(&list.Items[i])
		}
		events, err := api.Watch(ctx, metav1.ListOptions{ResourceVersion: list.ResourceVersion})
		if err != nil {
			return err
		}
		if ready != nil {
			ready()
			ready = nil
		}
		for event := range events.ResultChan() {
			csr, ok := event.Object.(*certificatesv1.CertificateSigningRequest)
			if !ok {
				break
			}
			if event.Type == watch.Deleted {
				delete(known, csr.Name)
			} else {
				saw(csr)
			}
		}
		events.Stop()
	}
	return ctx.Err()
}
