package course

import (
	"testing"

	"fortsatt/demo"
)

func TestMain(m *testing.M) { demo.Tests(m) }
