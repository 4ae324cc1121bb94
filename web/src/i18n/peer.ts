// Words of the peer's page.

export const en = {
  'peer.title': 'peer',
};

export const vi: Record<keyof typeof en, string> = {
  'peer.title': 'máy của tôi',
};
