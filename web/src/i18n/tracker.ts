// Words of the tracker's page.

export const en = {
  'tracker.title': 'tracker',
};

export const vi: Record<keyof typeof en, string> = {
  'tracker.title': 'máy chủ',
};
