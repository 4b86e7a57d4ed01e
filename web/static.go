package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// A static file is served under a name that holds a hash of its content, and
// so may be kept for ever: changed content has another name.
var staticNames, staticContent = nameStatic()

func nameStatic() (names map[string]string, content map[string][]byte) {
	names, content = map[string]string{}, map[string][]byte{}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		panic(err) // only if the embedding is broken
	}
	for _, entry := range entries {
		data, err := staticFiles.ReadFile("static/" + entry.Name())
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(entry.Name())
		hashed := strings.TrimSuffix(entry.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		names[entry.Name()], content[hashed] = hashed, data
	}
	return names, content
}

func staticPath(name string) string { return "/static/" + staticNames[name] }

func (s *site) static(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	data, ok := staticContent[name]
	if !ok {
		s.missing(w, r)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
	w.Write(data)
}
