"""`--over-arg`: modules built and counted with combinations of constructor arguments."""
