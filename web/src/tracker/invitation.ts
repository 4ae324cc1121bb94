// Whether an invitation still lets anybody in.
import type { Invitation } from './api';

export type InvitationState = 'good' | 'used' | 'expired' | 'revoked';

export function stateOf(invitation: Invitation, now = Date.now()): InvitationState {
  if (invitation.revoked) return 'revoked';
  if (invitation.uses > 0 && invitation.used >= invitation.uses) return 'used';
  if (invitation.expires && Date.parse(invitation.expires) <= now) return 'expired';
  return 'good';
}
