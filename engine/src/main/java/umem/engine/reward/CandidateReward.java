package umem.engine.reward;

import java.util.List;
import umem.engine.optimizer.Proposal;

/// The reward of one output of a group.
///
/// @param proposal the output
/// @param neighbours its utility on each neighbour that counts, the same neighbours for the whole group; empty where
///     the output is malformed, or where no neighbour could be executed
public record CandidateReward(Proposal proposal, List<NeighbourReward> neighbours) {
    public CandidateReward {
        neighbours = List.copyOf(neighbours);
    }

    /// `r_g`, equation (5): the mean utility over the neighbourhood, 0 where there is none.
    public double marginalUtility() {
        return neighbours.stream().mapToDouble(n -> n.utility().total()).average().orElse(0);
    }

    /// The standard error of [#marginalUtility()] over the neighbours; infinite for fewer than two.
    public double standardError() {
        int n = neighbours.size();
        if (n < 2) {
            return Double.POSITIVE_INFINITY;
        }
        double mean = marginalUtility();
        double squares = 0;
        for (NeighbourReward neighbour : neighbours) {
            double off = neighbour.utility().total() - mean;
            squares += off * off;
        }
        return Math.sqrt(squares / (n - 1) / n);
    }

    /// `r = r_fmt + r_g`.
    public double total() {
        return proposal.formatReward() + marginalUtility();
    }
}
