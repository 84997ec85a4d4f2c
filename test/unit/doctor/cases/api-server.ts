import { node, registerNode } from '../../../../src/doctor/access.ts';
import { server, plugins, answer, allowed, denied } from '../changed.ts';
import type { Cases } from '../changed.ts';

export const apiServer: Cases = {
  'before 1.31': [{ version: 'v1.30.9' }, ['warning KubernetesOld']],
  'of 1.31': [{ version: 'v1.31.0-eks-1' }, []],
  'of an unknown version': [{ version: 'main' }, ['unknown KubernetesVersion']],
  'without the Node authorizer': [
    answer({ ...node('n1'), attributes: registerNode }, denied),
    ['error NodeAuthorizerOff'],
  ],
  'with nodes by RBAC': [
    answer({ ...node('n1'), attributes: registerNode }, allowed),
    ['warning NodesByRBAC'],
  ],
  'of which one lacks NodeRestriction': [
    server({ 'enable-admission-plugins': 'PodSecurity' }),
    ['error NodeRestrictionOff'],
  ],
  'with a plugin that has its name in it': [
    server({ 'enable-admission-plugins': 'MyNodeRestriction' }),
    ['error NodeRestrictionOff'],
  ],
  'with NodeRestriction disabled': [
    server({ 'disable-admission-plugins': 'NodeRestriction' }),
    ['error NodeRestrictionOff'],
  ],
  'with CertificateApproval disabled': [
    server({ 'disable-admission-plugins': 'CertificateApproval' }),
    ['error CertificateApprovalOff'],
  ],
  'that shows its plugins by metrics alone': [
    plugins(['NodeRestriction', 50], ['CertificateApproval', 50]),
    ['unknown KubeletVerification'],
  ],
  'whose metrics lack NodeRestriction': [
    plugins(['CertificateApproval', 50]),
    ['error NodeRestrictionOff', 'unknown KubeletVerification'],
  ],
  'of whose writes there are too few to tell': [
    plugins(['CertificateApproval', 9]),
    ['unknown AdmissionPlugins', 'unknown KubeletVerification'],
  ],
  'of which one does not verify kubelets': [
    server({ 'kubelet-certificate-authority': undefined }),
    ['warning KubeletsNotVerified'],
  ],
};
