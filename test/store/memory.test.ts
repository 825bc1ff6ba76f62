import { memoryStore } from '../../src/store/memory.ts';
import { storeContract } from '../contract/store.ts';
import { movableClock } from './movable-clock.ts';

storeContract('memory', async () => {
  const clock = movableClock();
  const store = memoryStore(clock);
  return { store, pass: async (ms) => clock.pass(ms), stop: () => store.close() };
});
