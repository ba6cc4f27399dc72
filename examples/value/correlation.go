package main

import "math"

// correlation returns Pearson's, and 0 where either side does not vary.
func correlation(xs, ys []float64) float64 {
	n := float64(len(xs))
	var meanX, meanY float64
	for i := range xs {
		meanX += xs[i] / n
		meanY += ys[i] / n
	}
	var xx, yy, xy float64
	for i := range xs {
		x, y := xs[i]-meanX, ys[i]-meanY
		xx += x * x
		yy += y * y
		xy += x * y
	}
	if spread := math.Sqrt(xx) * math.Sqrt(yy); spread > 0 {
		return xy / spread
	}
	return 0
}
