package worker

import "time"

// markLife is how old a mark may be when the dot is sent. Until then what the
// mark was granted on still holds: the reader has not left, nobody holds the
// letter, the claim is ours.
const markLife = time.Second

// late says whether more than life lies between two moments, by the wall clock
// or by the monotonic one. A stopped process sees both move on, a suspended
// machine only the first, a clock that is set back only the second.
func late(from, to time.Time, life time.Duration) bool {
	return to.Sub(from) > life || to.Round(0).Sub(from.Round(0)) > life
}
