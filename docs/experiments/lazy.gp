# SPDX-License-Identifier: MIT
#
# What lazy flushing buys: docs/experiments.md. Called in the folder of the two
# files that the runs left.
#
#   gnuplot -e "picture='lazy.svg'" .../docs/experiments/lazy.gp

set terminal svg size 860,560 font "sans-serif,15" background "white"
set output picture
set datafile separator comma

set title "vmalloc + vfree of a page, by the batch that a purge serves"
set xlabel "frees for each purge (1 / purges\\_per\\_op)"
set ylabel "instructions or ns for one pair"
set logscale xy
set xrange [0.85:400]
set yrange [150:8000]
set xtics ("1" 1, "2" 2, "4" 4, "8" 8, "16" 16, "32" 32, "64" 64, \
	"128" 128, "256" 256, "512" 512)
set ytics ("100" 100, "200" 200, "500" 500, "1,000" 1000, "2,000" 2000, \
	"5,000" 5000)
set border 3 linecolor "#555555"
set tics nomirror
set grid linecolor "#dddddd" linetype 1
set key outside below Left reverse samplen 3 maxrows 2

set linetype 1 linecolor "#0072b2" pointtype 7
set linetype 2 linecolor "#d55e00" pointtype 5

array file[2] = ["lazy-icount.csv", "lazy-ns.csv"]
array unit[2] = ["instructions", "ns"]
# Of times the least: a busy host only ever adds.
array column_of[2] = ["median", "min"]
figure(i) = column(column_of[i])

# cost(B) = c + F / B: c is the least of all, c + F that of eager flushing.
array c[2]
array F[2]
do for [i = 1:2] {
	stats file[i] using (figure(i)) nooutput
	c[i] = STATS_min
	stats file[i] using \
		(strcol("setting") eq "eager" ? figure(i) : NaN) nooutput
	F[i] = STATS_max - c[i]
}

plot for [i = 1:2] file[i] using (1 / column("purges_per_op")):(figure(i)) \
	with points linetype i pointsize 1 title unit[i]." measured", \
for [i = 1:2] c[i] + F[i] / x with lines linetype i dashtype 2 \
	title sprintf("%s foretold: %.0f + %.0f / B", unit[i], c[i], F[i])
