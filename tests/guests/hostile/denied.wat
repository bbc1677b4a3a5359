;; Reads a file and hands on the error if there is one.
(import "skep:plugin/files@0.1.0" "read" (func $read (param i32 i32 i32)))
(func $run (param $amount i32) (result i32)
  (call $read (i32.const 1024) (i32.const 4) (i32.const 2048))
  (if (i32.load8_u (i32.const 2048))
    (then (return (call $fail (i32.load8_u (i32.const 2056)) (i32.load (i32.const 2068)) (i32.load (i32.const 2072))))))
  (call $ok (i32.const 1024) (i32.const 4)))
