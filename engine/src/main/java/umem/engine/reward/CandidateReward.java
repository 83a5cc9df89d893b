package umem.engine.reward;

import java.util.List;
import umem.engine.optimizer.Proposal;

/// The reward of one output of a group.
///
/// @param proposal the output
/// @param neighbours its utility on each neighbour that counts, nearest first and
///     the same for the whole group; empty where
///     the output is malformed, or where no neighbour could be executed
public record CandidateReward(Proposal proposal, List<NeighbourReward> neighbours) {
    public CandidateReward {
        neighbours = List.copyOf(neighbours);
    }

    /// `r_g`, equation (5): the mean utility over the neighbourhood, 0 where there is none.
    public double marginalUtility() {
        return mean(neighbours);
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

    /// How much more it helps the nearer half of the neighbours than the farther one; 0 for fewer than two. A lesson
    /// that
    /// gives an answer away helps near-duplicates and nothing else.
    public double nearFarGap() {
        int half = neighbours.size() / 2;
        if (half == 0) {
            return 0;
        }
        return mean(neighbours.subList(0, half))
                - mean(neighbours.subList(neighbours.size() - half, neighbours.size()));
    }

    private static double mean(List<NeighbourReward> part) {
        return part.stream().mapToDouble(n -> n.utility().total()).average().orElse(0);
    }

    /// `r = r_fmt + r_g`.
    public double total() {
        return proposal.formatReward() + marginalUtility();
    }
}
