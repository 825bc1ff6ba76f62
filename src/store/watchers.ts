/**
 * Who wants to hear that a document changed: the hints of a store, inside one process.
 *
 * A listener is called later, never from within the change, and its failure is its own business.
 */
export const watchers = () => {
  const listeners = new Set<{ readonly prefix: string; readonly changed: (key: string) => void }>();
  return {
    changed(key: string): void {
      for (const listener of listeners) {
        if (key.startsWith(listener.prefix)) queueMicrotask(() => listeners.has(listener) && listener.changed(key));
      }
    },
    watch(prefix: string, changed: (key: string) => void): () => Promise<void> {
      const listener = { prefix, changed };
      listeners.add(listener);
      return async () => {
        listeners.delete(listener);
      };
    },
    close(): void {
      listeners.clear();
    },
  };
};
