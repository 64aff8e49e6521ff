// The scale of the loss: what is stored in half precision on the way back is that many times as large as it is, so that little is
// too small for it (Micikevicius et al. 2018).
// `taken`: takes it back from gradients, which are in single precision. Else, by one thread, what a training step makes of it:
//   doubled after so many steps without overflow; halved where the gradients overflowed, which is no fault of the step's then
// CPU twin: src/reference/loss-scale.ts
//
// size, threads, across         taken: vec4f of the gradients, the workgroup, and the threads in x
// interval, least, most         steps after which it doubles, and what it goes down and up to
// capacity                      places of the ring of losses

#if taken
var<storage, read> scaling: array<f32>; // [2]: the scale, and steps since it last changed
var<storage, read_write> gradient: array<vec4f>; // [size]

@compute @workgroup_size(threads)
fn takeBack(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x + across * id.y;
  if (i < size) { gradient[i] *= 1.0 / scaling[0]; }
}
#else
var<storage, read_write> scaling: array<f32>;
var<storage, read_write> notFinite: array<u32>; // [1]: the step that is not finite, else 0
var<storage, read_write> overflowed: array<u32>; // [1]: this step, where it was for the scale, else 0
var<storage, read> ring: array<u32>; // [capacity]: the bits of losses
var<storage, read> recorded: array<u32>; // [1]: how many there were
var<uniform> step: vec2u; // [0]: the training step

@compute @workgroup_size(1)
fn adapt() {
  overflowed[0] = 0u;
  let noted = notFinite[0];
  if (noted == 0u) {
    let steps = scaling[1] + 1.0;
    let doubles = steps >= f32(interval);
    scaling[0] = select(scaling[0], min(2.0 * scaling[0], f32(most)), doubles);
    scaling[1] = select(steps, 0.0, doubles);
    return;
  }
  let loss = ring[(recorded[0] - 1u) % capacity];
  let finite = (loss & 0x7f800000u) != 0x7f800000u;
  if (noted != step[0] || !finite || scaling[0] <= f32(least)) { return; }
  scaling[0] = 0.5 * scaling[0];
  scaling[1] = 0.0;
  overflowed[0] = noted;
  notFinite[0] = 0u;
}
#endif
