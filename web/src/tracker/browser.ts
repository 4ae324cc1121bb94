// What this browser is called in the list of one's sessions.

const programs: [RegExp, string][] = [
  [/Edg\//, 'Edge'],
  [/Firefox\//, 'Firefox'],
  [/Chrome\//, 'Chrome'],
  [/Safari\//, 'Safari'],
];
const systems: [RegExp, string][] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS/, 'macOS'],
  [/Linux/, 'Linux'],
];

export function browserName(agent: string): string {
  const program = programs.find(([mark]) => mark.test(agent))?.[1] ?? 'browser';
  const system = systems.find(([mark]) => mark.test(agent))?.[1];
  return system ? `${program}, ${system}` : program;
}
