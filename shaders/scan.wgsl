// The two sweeps through time of cells whose units do not meet: a thread has four units of a row, and needs no other.
//   forward    gate_t + u ⊙ h_{t−1}, from which the cell makes h_t
//   backward   dh_t = dOutput_t + what later steps pass back, then the cell makes dgate_t in the place of gate_t
// cell.wgsl, the cell's own file and sweep.wgsl stand in front.
// CPU twin: src/reference/scan.ts
//
// `unit`: a unit meets its own past by one number a gate, u; else h_{t−1} reaches the cell's equations alone.
//
// In chunks of time, where the cell is a line: three dispatches instead of one, of which the second alone is as long as there
// are chunks. `summing`: what a chunk makes of any h, as a line. `joining`: with what each chunk begins. Then, `joined`, the
// sweep itself, a thread for each chunk.
//
// chunks, chunkSteps how many chunks, and the steps of each but the last; else 1, and all
// threads, across    the workgroup, and the threads in x
// firstOfRecurrent   the first slab of `carry` with du: behind dh_0 and what the cell has there, G slabs of it for each row

#if unit
alias Weight = vec4f; // or in half precision
var<storage, read> recurrentWeight: array<Weight>; // u [G, H]
#endif
#if summing
var<storage, read_write> lines: array<Line>; // [chunks, B, H]: of h forward, of dh back
#elif joining
var<storage, read_write> lines: array<Line>; // back: `atZero` is what a chunk begins with, afterwards
#elif joined
var<storage, read> lines: array<Line>;
#endif
@compute @workgroup_size(threads)
fn scan(@builtin(global_invocation_id) id: vec3u) {
  let thread = id.x + across * id.y;
  let size = batch * width;
  let chunk = thread / size;
  if (chunk >= chunks) { return; }
  let own = thread % size;
  let row = own / width;
  let column = own % width;
  let length = u32(lengths[row]);
  let first = chunk * chunkSteps;
  let end = min(first + chunkSteps, steps);
#if joining
  if (chunk > 0u) { return; }
#if forward
  var h = vec4f(hidden[elementOf(0u, row, column).before]);
  for (var c = 0u; c < chunks - 1u; c++) {
    let line = lines[c * size + own];
    h = line.slope * h + line.atZero;
    hidden[elementOf((c + 1u) * chunkSteps - 1u, row, column).after] = stored(h);
  }
#else
  var dh = vec4f();
  if (continued) { dh = carry[own]; }
  for (var c = chunks; c > 0u; c--) {
    let line = lines[(c - 1u) * size + own];
    lines[(c - 1u) * size + own].atZero = dh;
    dh = line.slope * dh + line.atZero;
  }
#endif
#elif summing
  var all = Line(vec4f(1.0), vec4f());
#if forward
  for (var i = first; i < end; i++) {
    if (!isLive(i, length)) { continue; }
    let element = elementOf(i, row, column);
    let line = cellLine(element, vec4f(gate[element.gate + (gates - 1u) * width]));
    all = Line(line.slope * all.slope, line.slope * all.atZero + line.atZero);
  }
#else
  for (var s = end; s > first; s--) {
    all.atZero += fromAbove(s, row, length, column);
    if (!isLive(s - 1u, length)) { continue; }
    let slope = cellSlope(elementOf(s - 1u, row, column));
    all = Line(slope * all.slope, slope * all.atZero);
  }
#endif
  lines[thread] = all;
#elif forward
  for (var i = first; i < end; i++) {
    let element = elementOf(i, row, column);
    var h = vec4f(hidden[element.before]);
    if (isLive(i, length)) {
      let last = element.gate + (gates - 1u) * width;
#if unit
      for (var g = 0u; g < gates - 1u; g++) {
        gate[element.gate + g * width] = stored(sumOf(element, g) + vec4f(recurrentWeight[g * width + column]) * h);
      }
      h = cellForward(element, vec4f(gate[last]) + vec4f(recurrentWeight[(gates - 1u) * width + column]) * h);
#else
      h = cellForward(element, vec4f(gate[last]));
#endif
    } else {
      cellHold(element);
    }
    if (i + 1u < end || end == steps) { hidden[element.after] = stored(h); } // what the next chunk begins with is there
  }
#else
#if joined
  var dh = lines[thread].atZero;
#else
  var dh = vec4f();
  if (continued) { dh = carry[own]; }
#endif
#if unit
  var du: array<vec4f, gates>;
#endif
  for (var s = end; s > first; s--) {
    let element = elementOf(s - 1u, row, column);
    let begins = !continued && s == steps;
    dh += fromAbove(s, row, length, column);
#if hiddenGradient
    dHidden[s * size + own] = dh;
#endif
    if (isLive(s - 1u, length)) {
      dh = cellBackward(element, dh, begins);
#if unit
      let h = vec4f(hidden[element.before]);
      for (var g = 0u; g < gates; g++) {
        let da = vec4f(gate[element.gate + g * width]);
        dh += vec4f(recurrentWeight[g * width + column]) * da;
        du[g] += h * da;
      }
#endif
    } else {
      for (var g = 0u; g < gates; g++) { gate[element.gate + g * width] = Stored(); }
      cellHoldBackward(element, begins);
    }
  }
  if (chunk > 0u) { return; }
#if hiddenGradient
  dHidden[own] = dh;
#endif
  carry[own] = dh;
#if unit
  for (var g = 0u; g < gates; g++) { carry[(firstOfRecurrent + g) * size + own] = du[g]; }
#endif
#endif
}
