// Light or dark: as the system has it, unless it was chosen here.

export type ThemeChoice = 'auto' | 'light' | 'dark';

const key = 'shoal-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

class Theme {
  choice = $state<ThemeChoice>(this.#stored());
  #system = $state(dark.matches);

  constructor() {
    dark.addEventListener('change', () => {
      this.#system = dark.matches;
      this.#apply();
    });
    this.#apply();
  }

  get isDark() {
    return this.choice === 'auto' ? this.#system : this.choice === 'dark';
  }

  choose(choice: ThemeChoice) {
    this.choice = choice;
    localStorage.setItem(key, choice);
    this.#apply();
  }

  #stored(): ThemeChoice {
    const stored = localStorage.getItem(key);
    return stored === 'light' || stored === 'dark' ? stored : 'auto';
  }

  #apply() {
    document.documentElement.dataset.bsTheme = this.isDark ? 'dark' : 'light';
  }
}

export const theme = new Theme();
