package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTableIsFresh(t *testing.T) {
	list, err := os.ReadFile("../../" + source)
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(list)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../" + target)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what %s gives: go run ./internal/gentypes", target, source)
	}
}

func TestBrokenListIsAnError(t *testing.T) {
	if _, err := generate([]byte(`{"image/png":"png"}`)); err == nil {
		t.Error("a list with a string where the extensions should be was taken")
	}
}
