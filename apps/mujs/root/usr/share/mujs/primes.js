// SPDX-License-Identifier: MIT
// Objects, closures, regular expressions, sorting; one line with what came out.
function sieve(limit) {
	var composite = {}, primes = [];
	for (var i = 2; i < limit; ++i) {
		if (composite[i]) continue;
		primes.push(i);
		for (var j = i * i; j < limit; j += i) composite[j] = true;
	}
	return primes;
}
function digits(n) {
	return String(n).split("").sort().join("");
}
var groups = {};
sieve(20000).forEach(function (p) {
	var key = digits(p);
	(groups[key] = groups[key] || []).push(p);
});
var names = Object.keys(groups).sort(function (a, b) {
	return groups[b].length - groups[a].length || (a < b ? -1 : 1);
});
var largest = groups[names[0]];
print("primes: " + names.length + " groups, " + largest.length + " of " +
	names[0].replace(/(\d)/g, "<$1>") + ": " + JSON.stringify(largest.slice(0, 3)));
