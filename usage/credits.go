package usage

// Millionths is how many millionths a credit has. A user's day is summed in
// millionths, and shown and enforced rounded up to whole credits.
const Millionths = 1_000_000

// WholeCredits rounds millionths of a credit up to whole credits, towards zero
// where they are negative.
func WholeCredits(millionths int64) int64 {
	whole := millionths / Millionths
	if millionths%Millionths > 0 {
		whole++
	}
	return whole
}

// NoLimit stands where a plan or a key has no limit of a kind.
const NoLimit = -1

// MaxDayCredits bounds the sum of a user's day: nothing that the contract takes
// reaches it, and its millionths and the sums of many users stay within 64 bits.
const MaxDayCredits = 1_000_000_000_000
