#!/usr/bin/env bash
# Runs each fuzz target for so many seconds (600), two at a time, and fails on a panic, an input that takes longer than ten
# seconds, or more than 512 MB: tests/fuzz/run.sh [SECONDS [TARGET...]]
#
# What it finds stays in target/fuzz: the corpora, which the next run goes on from, and the inputs that failed. It needs
# cargo-fuzz and a C++ compiler; no nightly toolchain, since code that forbids `unsafe` gains little from a sanitizer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

seconds=${1:-600}
shift || true
targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then targets=(environment plan_file state_file arm_answer names); fi
out=${CARGO_TARGET_DIR:-$PWD/target}/fuzz
unset RUST_BACKTRACE

if ! cargo fuzz --version >/dev/null 2>&1; then cargo install --locked --quiet cargo-fuzz@0.13.1; fi
cargo build --quiet --locked
landfall=${CARGO_TARGET_DIR:-$PWD/target}/debug/landfall
for target in "${targets[@]}"; do
  cargo fuzz build --fuzz-dir tests/fuzz --sanitizer none --target-dir "$out/build" "$target"
done

# What the tests have, as first inputs.
seeds=$out/seeds
rm -rf "$seeds"
mkdir -p "$seeds"/{environment,plan_file,state_file,arm_answer,names}
cp tests/environments/wrong/*.yaml "$seeds/environment/"
for file in environments/[a-z]*.yaml; do
  { cat "$file"; echo '%%%'; cat environments/_*.yaml; } >"$seeds/environment/with_$(basename "$file")"
done
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
cp -R environments "$home/"
(
  cd "$home"
  export AZURE_SUBSCRIPTION_ID=00000000-0000-0000-0000-000000000000
  "$landfall" plan prod --sandbox --out "$seeds/plan_file/create.json"
  "$landfall" apply prod --sandbox --yes
  cp state/.sandbox/prod.json "$seeds/state_file/applied.json"
  "$landfall" plan prod --sandbox --out "$seeds/plan_file/nothing.json"
  sed -i -e 's/count: 3/count: 4/' -e 's/minCount: 1/minCount: 2/' -e 's/maxCount: [0-9]*/maxCount: 19/' environments/*.yaml
  "$landfall" plan prod --sandbox --out "$seeds/plan_file/update.json"
) >"$out/seeds.log" 2>&1
cp tests/state/*.json "$seeds/state_file/"
python3 tests/fuzz/seeds.py "$seeds/arm_answer" tests/errors/*.json tests/exchanges/*.json
while read -r name; do echo -n "$name" >"$seeds/names/$(echo -n "$name" | md5sum | cut -c1-8)"; done <tests/fuzz/names.txt

fuzz() {
  local target=$1
  mkdir -p "$out/corpus/$target" "$out/failed"
  if "$out"/build/*/release/"$target" "$out/corpus/$target" "$out/seeds/$target" -max_total_time="$seconds" -timeout=10 \
    -rss_limit_mb=512 -max_len=65536 -dict=tests/fuzz/words.dict -artifact_prefix="$out/failed/$target-" \
    -print_final_stats=1 >"$out/$target.log" 2>&1; then
    echo "$target: $(grep -E 'stat::number_of_executed_units' "$out/$target.log" | grep -oE '[0-9]+') inputs, no crash"
  else
    tail -n 40 "$out/$target.log"
    echo "$target: failed, see $out/$target.log"
    return 1
  fi
}
export -f fuzz
export out seconds
printf '%s\n' "${targets[@]}" | xargs -P 2 -I {} bash -c 'fuzz {}'
