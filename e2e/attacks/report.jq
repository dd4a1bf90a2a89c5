# SPDX-License-Identifier: Apache-2.0
# The attack lab's records (JSON lines) as the tables of docs/detection.md. $why: lines "ACT SERVICE VARIANT WHY".
def median: sort | if length == 0 then null else .[length / 2 | floor] end;
def shown: if . == null then "-" else tostring end;
def variants: ["fused", "bosc"];
def title: {"fused": "Fused", "bosc": "BoSC"}[.];
def happened: (.proof // "") != "";

def attacks: [.[] | select(.type == "attack")];
def cell($v): map(select(.variant == $v)) as $all | ($all | map(select(.alarm))) as $hit
	| "\($hit | length)/\($all | length) | \($hit | map(.calls | select(. != null)) | median | shown) | \($hit | map(.ms) | median | shown)";
def rate($v): map(select(.variant == $v)) | if length == 0 then "-" else "\(map(select(.alarm)) | length)/\(length) = \((map(select(.alarm)) | length) * 100 / length | round) %" end;

def attack_table:
	(attacks | map(select(happened))) as $a
	| "| attack | against | Fused: seen | calls | ms | BoSC: seen | calls | ms |", "|---|---|---|---|---|---|---|---|",
	($a | group_by([.quiet, .kind])[] | "| \(.[0].kind)\(if .[0].quiet then " (quiet)" else "" end) | \(map(.service) | unique | join(", ")) | \(cell("fused")) | \(cell("bosc")) |"),
	([$a[] | select(.quiet | not)] | "| **all that do not hide** | | \(rate("fused")) | | | \(rate("bosc")) | | |"),
	([$a[] | select(.quiet)] | "| **all that hide** | | \(rate("fused")) | | | \(rate("bosc")) | | |");

# Normal time: the measured phase, and each new pod's time until it was attacked.
def normal: [.[] | select(.type == "normal") | {service, variant, seconds, alarms: (.alarms | length), after: (.alarms | map(.after)), events: (.events | length)}]
	+ [.[] | select(.type == "attack" and .normal_seconds > 0) | {service, variant, seconds: .normal_seconds, alarms: (.before | length), after: (.before | map("start")), events: 1}];
def false_cell($v): map(select(.variant == $v)) | (map(.seconds) | add // 0) as $s | (map(.alarms) | add // 0) as $n
	| "\($n) in \($s / 36 | round / 100) h\(if $s > 0 then " = \($n * 36000 / $s | round / 10)/h" else "" end) | \(map(.after[]) | group_by(.) | map("\(.[0]) \(length)") | join(", "))";
def normal_table:
	normal as $n
	| "| service | events | Fused: false alarms | after | BoSC: false alarms | after |", "|---|---|---|---|---|---|",
	($n | group_by(.service)[] | "| \(.[0].service) | \(map(select(.variant == "fused") | .events) | add) | \(false_cell("fused")) | \(false_cell("bosc")) |"),
	($n | "| **all** | \(map(select(.variant == "fused") | .events) | add // 0) | \(false_cell("fused")) | \(false_cell("bosc")) |");

def why_missed($why): . as $m | [$why | split("\n")[] | split(" ") | select((.[0] == $m.act or .[0] == "*") and (.[1] == $m.service or .[1] == "*") and (.[2] == $m.variant or .[2] == "*")) | .[3:] | join(" ")] | first // "not explained";
def missed_list($why):
	[attacks[] | select(happened and (.alarm | not)) | . + {why: why_missed($why)}]
	| if length == 0 then "None." else (group_by([.kind, .why])[] | "- \(.[0].kind), \(map("\(.service) (\(.variant | title))") | sort | join(", ")): \(.[0].why).") end;

def failed_list: [attacks[] | select(happened | not)] | if length == 0 then empty else "", "Tried, but did not succeed, and so not counted: \(map("\(.kind) against \(.service) (\(.variant | title))") | unique | join("; "))." end;

def enforce_table:
	[.[] | select(.type == "enforce")] | if length == 0 then empty else
	"| service | attack | first call to alarm, ms | alarm to frozen, ms | answer | intruder | service |", "|---|---|---|---|---|---|---|",
	(.[] | "| \(.service) | \(.kind) | \(.ms | shown) | \(.frozen_ms | shown) | \(.answer) | \(.intruder) | \(.served) |") end;
