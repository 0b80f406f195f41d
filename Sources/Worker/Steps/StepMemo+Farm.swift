package import BuildQueue

extension FarmMemory: StepMemory {}
