// Which view is shown: what stands behind the '#', as "#/item/7".

class Route {
  #hash = $state(location.hash);

  constructor() {
    addEventListener('hashchange', () => {
      this.#hash = location.hash;
    });
  }

  /** The view's name and its parameter, both perhaps empty. */
  get parts(): [string, string] {
    const [, name = '', parameter = ''] = this.#hash.split('/');
    try {
      return [name, decodeURIComponent(parameter)];
    } catch {
      return [name, ''];
    }
  }

  go(hash: string) {
    location.hash = hash;
  }
}

export const route = new Route();
