/** What was last set under each key, for so many keys; the one that was set longest ago is forgotten first. */
export interface Remembered<K, V> {
  get(key: K): V | undefined;
  set(key: K, value: V): void;
}

export const remember = <K, V>(most: number): Remembered<K, V> => {
  const values = new Map<K, V>();
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.size > most ? values.keys().take(1) : [];
      if (oldest !== undefined) values.delete(oldest);
    },
  };
};
