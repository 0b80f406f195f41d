package import BuildQueue

extension FarmSteps: StepMemory {}
