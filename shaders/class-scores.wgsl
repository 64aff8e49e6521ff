// What a row of logits says of classes, one thread a row: which is the likeliest and, of the row's target y, how many are likelier
// and its surprise −ln softmax(o)[y]. Of logits that are alike the first is the likelier. No exponential overflows, as in
// softmax-cross-entropy.wgsl.
// CPU twin: src/reference/class-scores.ts
//
// rows, outputs, width   of the logits: K, and the stored width in vec4f
// threads, across        the workgroup, and the threads in x
// A row whose target is −1 has the rank and the surprise of class 0.

var<storage, read> logits: array<vec4f>; // [rows, K]
#if ofTargets
var<storage, read> targets: array<i32>; // [rows]
#endif
#if choices
var<storage, read_write> choices: array<i32>; // [rows]
#endif
#if ranks
var<storage, read_write> ranks: array<u32>; // [rows]
#endif
#if surprises
var<storage, read_write> surprises: array<f32>; // [rows]
#endif

@compute @workgroup_size(threads)
fn classScores(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x + across * id.y;
  if (row >= rows) { return; }
  let start = row * width;
  var largest = logits[start].x;
  var choice = 0u;
  for (var k = 1u; k < outputs; k++) {
    let o = logits[start + k / 4u][k % 4u];
    if (o > largest) {
      largest = o;
      choice = k;
    }
  }
#if choices
  choices[row] = i32(choice);
#endif
#if ofTargets
  let y = u32(max(targets[row], 0));
  let ofTarget = logits[start + y / 4u][y % 4u];
  var rank = 0u;
  var sum = 0.0;
  for (var k = 0u; k < outputs; k++) {
    let o = logits[start + k / 4u][k % 4u];
    rank += u32(o > ofTarget || (o == ofTarget && k < y));
    sum += exp(max(o - largest, -100.0));
  }
#endif
#if ranks
  ranks[row] = rank;
#endif
#if surprises
  surprises[row] = log(sum) + (largest - ofTarget);
#endif
}
