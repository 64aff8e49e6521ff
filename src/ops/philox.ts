// The generator of random words, as text that stands in front of the shaders that draw.

import philoxShader from "../../shaders/philox.wgsl?raw";

/** `fn philox(counter: vec4u, key: vec2u) -> vec4u` */
export const philoxSource: string = philoxShader;
