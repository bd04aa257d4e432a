/** Typed events: who listens to what. Handlers run at once, in the order in which they were added. */

type Handlers<Events> = { [Name in keyof Events]?: readonly ((event: Events[Name]) => void)[] };

export class Emitter<Events> {
  readonly #handlers: Handlers<Events> = {};

  /** Returns the function that takes the handler off again. */
  on<Name extends keyof Events>(name: Name, handler: (event: Events[Name]) => void): () => void {
    const entry = (event: Events[Name]): void => handler(event);
    this.#handlers[name] = [...(this.#handlers[name] ?? []), entry];
    return () => {
      this.#handlers[name] = (this.#handlers[name] ?? []).filter((other) => other !== entry);
    };
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    const handlers = this.#handlers[name];
    if (handlers === undefined) return;
    for (const handler of handlers) {
      try {
        handler(event);
      } catch (error) {
        // The app's mistake shall be seen as an uncaught error, but not stop the client in the middle of a frame.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
