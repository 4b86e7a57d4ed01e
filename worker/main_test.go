package worker_test

import (
	"flag"
	"testing"

	"fortsatt/demo"
)

// Most stories wait for a relay, a lease or a reply, so more of them run at
// once than there are processors; -parallel on the command line still counts.
func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8")
	demo.Tests(m)
}
