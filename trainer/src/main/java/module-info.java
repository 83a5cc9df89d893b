/// Training of the Mem-Optimizer: rollouts, group advantages and, later, the policy gradient.
@org.jspecify.annotations.NullMarked
module umem.trainer {
    requires transitive umem.engine;

    exports umem.trainer.grpo;
}
