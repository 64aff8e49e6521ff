// What is used of jsfive, which has no types of its own. It throws texts.
declare module "jsfive" {
  export class Group {
    readonly keys: string[];
    /** @throws where there is none of this name */
    get(name: string): Group | Dataset;
  }
  export class File extends Group {
    constructor(bytes: ArrayBuffer);
  }
  export class Dataset {
    /** As NumPy says it: "<f4". */
    readonly dtype: unknown;
    readonly shape: number[];
    readonly value: unknown;
  }
}
