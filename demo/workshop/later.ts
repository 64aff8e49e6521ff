// What a training needs of the library once it goes, loaded then: a page that is only looked at stays small.

export { evaluate, generate, saveCheckpoint } from "../../src/index";
export { sampleOf } from "./surprise";
