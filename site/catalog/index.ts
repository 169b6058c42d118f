export { type Card, type Connector, card, connectors, misnamed } from "./cards";
export {
  chipsets,
  type MachineModel,
  machine,
  machines,
  type Slot,
} from "./machines";
export {
  type MemoryType,
  memoryTypes,
  type ProcessorModel,
  processor,
  processors,
} from "./processors";
export { doubt } from "./sourced";

import { machines } from "./machines";
import { processors } from "./processors";

type Names<T> = [keyof T & string, ...(keyof T & string)[]];

/** The machines that a manifest may name. */
export const machineModels = Object.keys(machines) as Names<typeof machines>;
export const processorModels = Object.keys(processors) as Names<
  typeof processors
>;
