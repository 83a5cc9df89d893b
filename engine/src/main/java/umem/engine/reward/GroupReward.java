package umem.engine.reward;

import java.util.List;

/// The rewards of a group of outputs for one query.
///
/// @param candidates one for each output, in order
/// @param dropped ids of the neighbours that were left out for the whole group because an execution failed on them
/// @param self whether the query itself was judged on because it has no neighbours
/// @param calls what it cost
public record GroupReward(List<CandidateReward> candidates, List<String> dropped, boolean self, CallCount calls) {
    public GroupReward {
        candidates = List.copyOf(candidates);
        dropped = List.copyOf(dropped);
    }

    /// `r = r_fmt + r_g` of each candidate, in order: what group advantages are computed from.
    public double[] totals() {
        return candidates.stream().mapToDouble(CandidateReward::total).toArray();
    }
}
