# SPDX-License-Identifier: MIT
#
# One picture of `make bench-plots`: gnuplot -e "axis='pages'; data='pages.csv';
# ours='vmalloc_vfree'; linux=''; form='svg'; picture='pages.svg'" plots.gp
# ours, linux: the operations that the data file has a column of.

set datafile separator comma
if (form eq "svg") {
	set terminal svg size 900,600 font "sans-serif,15" background "white"
} else {
	set terminal pngcairo size 1350,900 font "sans,20" background "white" \
		linewidth 1.5
}
set output picture

set border 3 linecolor "#555555"
set tics nomirror
set grid linecolor "#dddddd" linetype 1
set key outside below Left reverse samplen 3 maxrows 3
set bmargin 7
set logscale y
set ytics ("1" 1, "10" 10, "100" 100, "1,000" 1000, "10,000" 10000, \
	"100,000" 100000, "1,000,000" 1000000, "10,000,000" 10000000)
# Colours that stay apart for colour-blind readers (Okabe and Ito).
set linetype 1 linecolor "#0072b2" pointtype 7 linewidth 2
set linetype 2 linecolor "#d55e00" pointtype 5 linewidth 2
set linetype 3 linecolor "#009e73" pointtype 9 linewidth 2
set linetype 4 linecolor "#cc79a7" pointtype 13 linewidth 2
set linetype 5 linecolor "#56b4e9" pointtype 11 linewidth 2
open_points = "6 4 8 12 10"

name_of(operation) = \
	operation eq "vmalloc_vfree" ? "vmalloc + vfree" : \
	operation eq "vmap_vunmap" ? "vmap + vunmap" : \
	operation eq "vm_map_ram" ? "vm\\_map\\_ram + unmap" : \
	operation eq "vm_unmap_aliases" ? \
		"vmap + vunmap + vm\\_unmap\\_aliases" : \
	operation eq "find_vm_area" ? "find\\_vm\\_area" : \
	operation eq "address_describe" ? "address\\_describe" : operation

per_call = "instructions for one call of each"
if (axis eq "pages") {
	set title "What a call costs by its pages"
	set xlabel "pages in one call"
	set logscale x 2
	set xtics ("1" 1, "4" 4, "16" 16, "64" 64, "256" 256, \
		"1,024" 1024, "4,096" 4096)
	set xrange [0.85:4800]
	set yrange [90:*]
}
if (axis eq "live") {
	set title "What a call costs beside live areas"
	set xlabel "areas that live beside"
	set logscale x
	# The place of 0 is a decade below 10.
	set xtics ("0" 1, "10" 10, "100" 100, "1,000" 1000, \
		"10,000" 10000, "100,000" 100000)
	set xrange [0.7:140000]
	set yrange [90:*]
}
if (axis eq "singles") {
	set title "What a call of 256 pages costs in fragmented memory"
	set xlabel "pages that are free without a free neighbour, %"
	set xrange [-3:103]
	set yrange [900:*]
}
x = axis eq "live" ? "column(axis) > 0 ? column(axis) : 1" : "column(axis)"

if (axis eq "harts") {
	# Two units, each with a panel; times are of one host.
	set multiplot layout 1,2 title "What a call of one page costs \
when several harts do the same"
	set xlabel "harts"
	set xtics (1, 2, 4)
	set xrange [0.7:4.3]
	unset logscale y
	set ytics autofreq
	set yrange [0:*]
	set ylabel per_call
	plot for [i = 1:words(ours)] data \
		using (column(axis)):(column(word(ours, i))) \
		with linespoints linetype i title name_of(word(ours, i))
	set ylabel "ns of this host until all are done / calls of all"
	plot for [i = 1:words(ours)] data \
		using (column(axis)):(column(word(ours, i)." ns")) \
		with linespoints linetype i title name_of(word(ours, i))
	unset multiplot
} else {
	set ylabel per_call
	plot for [i = 1:words(ours)] data \
		using (@x):(column(word(ours, i))) \
		with linespoints linetype i title name_of(word(ours, i)), \
	for [i = 1:words(linux)] data \
		using (@x):(column("Linux ".word(linux, i))) with points \
		linetype i pointtype int(word(open_points, i)) pointsize 1.5 \
		title "Linux 6.12: ".name_of(word(linux, i))
}
