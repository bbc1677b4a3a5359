;; Asks for a key that lies at this address.
(import "skep:plugin/kv@0.1.0" "get" (func $get (param i32 i32 i32)))
(func $run (param $amount i32) (result i32)
  (call $get (local.get $amount) (i32.const 4) (i32.const 2048))
  (call $ok (i32.const 1024) (i32.const 4)))
