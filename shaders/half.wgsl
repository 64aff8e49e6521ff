// What becomes of a number that may be stored in half precision. Stands in front of shaders that store it so.

#if half
var<private> infinity: u32 = 0x7f800000u; // no constant may be infinite

// Infinite beyond the largest half: some devices would store that half then, and nobody would know.
fn storable(v: vec4f) -> vec4f { return select(v, vec4f(bitcast<f32>(infinity)), abs(v) > vec4f(65504.0)); }
#else
fn storable(v: vec4f) -> vec4f { return v; }
#endif
