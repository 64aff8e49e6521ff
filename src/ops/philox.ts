// The generator of random words that stands in front of the shaders that draw, and what their keys say.

import philoxShader from "../../shaders/philox.wgsl?raw";

/** `fn philox(counter: vec4u, key: vec2u) -> vec4u` */
export const philoxSource: string = philoxShader;
