run:
	cargo run --release -p ponder-nodes
