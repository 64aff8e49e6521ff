// What a training needs of the library once it goes, loaded then: a page that is only looked at stays small.

export { evaluate, generate, perplexity, saveCheckpoint } from "../../src/index";
export { decode } from "../tasks/decode";
export { sampleOf } from "./surprise";
