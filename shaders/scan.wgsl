// The two sweeps through time of cells whose units do not meet: a thread has four units of a row, and needs no other.
//   forward    gate_t + u ⊙ h_{t−1}, from which the cell makes h_t
//   backward   dh_t = dOutput_t + what later steps pass back, then the cell makes dgate_t in the place of gate_t
// cell.wgsl, the cell's own file and sweep.wgsl stand in front.
// CPU twin: src/reference/scan.ts
//
// `unit`: a unit meets its own past by one number a gate, u; else h_{t−1} reaches the cell's equations alone.
// `continued`: the sweep back goes on from the `carry` that a later stretch of time left.
//
// threads, across    the workgroup, and the threads in x
// firstOfRecurrent   the first slab of `carry` with du

var<storage, read> lengths: array<i32>; // [B]
var<storage, read_write> gate: array<vec4f>; // [T, B, G·H]
#if unit
var<storage, read> recurrentWeight: array<vec4f>; // u [G, H]
#endif
#if forward
var<storage, read_write> hidden: array<vec4f>; // [T + D, B, D·H]
#else
var<storage, read> hidden: array<vec4f>; // [T + D, B, D·H]
var<storage, read> dOutput: array<vec4f>; // [T, B, D·H], lastStep: [B, D·H], for the last step
var<storage, read_write> carry: array<vec4f>; // [1 + … + G, B, H]: dh_0, what the cell has there, and du of each row
#if hiddenGradient
var<storage, read_write> dHidden: array<vec4f>; // [T + 1, B, H]: dL/dh by all paths, in sweep order
#endif
#endif
#if continued
const continued = true;
#else
const continued = false;
#endif

@compute @workgroup_size(threads)
fn scan(@builtin(global_invocation_id) id: vec3u) {
  let thread = id.x + across * id.y;
  if (thread >= batch * width) { return; }
  let row = thread / width;
  let column = thread % width;
  let length = u32(lengths[row]);
#if forward
  for (var i = 0u; i < steps; i++) {
    let element = elementOf(i, row, column);
    if (timeOf(i) < length) {
      let last = element.gate + (gates - 1u) * width;
#if unit
      let h = hidden[element.before];
      for (var g = 0u; g < gates - 1u; g++) { gate[element.gate + g * width] += recurrentWeight[g * width + column] * h; }
      hidden[element.after] = cellForward(element, gate[last] + recurrentWeight[(gates - 1u) * width + column] * h);
#else
      hidden[element.after] = cellForward(element, gate[last]);
#endif
    } else {
      hidden[element.after] = hidden[element.before];
      cellHold(element);
    }
  }
#else
  var dh = vec4f();
#if unit
  var du: array<vec4f, gates>;
#endif
  if (continued) { dh = carry[thread]; }
#if lastStep
  dh += dOutput[row * stride + offset + column];
#endif
  for (var s = steps; s > 0u; s--) {
    let time = timeOf(s - 1u);
    let element = elementOf(s - 1u, row, column);
    let begins = !continued && s == steps;
    let live = time < length;
#if lastStep
#else
    if (live) { dh += dOutput[(time * batch + row) * stride + offset + column]; }
#endif
#if hiddenGradient
    dHidden[s * batch * width + thread] = dh;
#endif
    if (live) {
      dh = cellBackward(element, dh, begins);
#if unit
      let h = hidden[element.before];
      for (var g = 0u; g < gates; g++) {
        let da = gate[element.gate + g * width];
        dh += recurrentWeight[g * width + column] * da;
        du[g] += h * da;
      }
#endif
    } else {
      for (var g = 0u; g < gates; g++) { gate[element.gate + g * width] = vec4f(); }
      cellHoldBackward(element, begins);
    }
  }
#if hiddenGradient
  dHidden[thread] = dh;
#endif
  carry[thread] = dh;
#if unit
  for (var g = 0u; g < gates; g++) { carry[(firstOfRecurrent + g) * batch * width + thread] = du[g]; }
#endif
#endif
}
