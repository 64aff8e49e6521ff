// What a page learns of a visitor's data before it takes it: how it is read, how much there is, and all that is wrong with it.

import type { TableView } from "../data/columns";
import { readers } from "../tasks/readers";
import { effective } from "../tasks/settings";
import type { Order } from "./messages";

export interface Survey {
  /** Whether there are settings by which it can be learned from. */
  usable: boolean;
  /** How much there is to learn from, and what was made of it; where the settings as they are will do. */
  description?: string;
  /** What is wrong, and what to do; where they will not, or none would. */
  problem?: string;
  /** How a table is taken. */
  table?: TableView | undefined;
}

/** Reads data as settings say, and begins nothing. */
export async function survey({ settings, own }: Pick<Order, "settings" | "own">): Promise<Survey> {
  const holding = effective(settings);
  let table: TableView | undefined;
  try {
    const make = await readers[holding.task](own, holding, (seen) => {
      table = seen;
    });
    try {
      const { description } = make(holding);
      return { usable: true, description, table };
    } catch (error) {
      const { message: problem } = error as Error;
      return { usable: isUsable(() => make({ ...holding, steps: 1, batch: 1, future: 1 })), problem, table };
    }
  } catch (error) {
    return { usable: false, problem: (error as Error).message, table };
  }
}

/** Whether there are settings that will do: if any, then the least. */
function isUsable(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}
