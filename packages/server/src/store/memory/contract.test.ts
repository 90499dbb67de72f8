import { memoryFactory } from '../contract/memory.fixture.ts';
import { storeContract } from '../contract.ts';

storeContract('memory', memoryFactory());
