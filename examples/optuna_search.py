"""Optuna under a budget of FLOPs: formulas say what a trial costs, before anything is built or trained."""

import optuna

import convcost

BLOCK = convcost.parse("[1, C, 32, 32] -> Conv2d(C, M, K, padding=K//2, groups=G) -> ReLU -> Conv2d(M, C, 1)")
BUDGET = 200_000_000


def suggest(trial: optuna.Trial) -> dict[str, int]:
    """The sizes of a trial."""
    channels = trial.suggest_int("C", 16, 256, step=16)
    expansion = trial.suggest_categorical("expansion", (1, 2, 4))
    kernel_size, groups = (
        trial.suggest_categorical("K", (1, 3, 5, 7)),
        trial.suggest_categorical("G", (1, 2, 3)),
    )
    return {"C": channels, "M": channels * expansion, "K": kernel_size, "G": groups}


def objective(trial: optuna.Trial) -> float:
    """The parameters, of which more are better: in a real search, the accuracy after training."""
    try:
        report = convcost.cost(BLOCK, **suggest(trial))
    except convcost.ConvcostError as error:  # such as groups that do not divide the channels
        raise optuna.TrialPruned(str(error)) from None
    trial.set_constraint("FLOPs", report.flops - BUDGET)  # above 0 the trial violates the budget
    return report.params


def search(number: int) -> optuna.Study:
    """A study of so many trials."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(objective, number)
    return study


if __name__ == "__main__":
    best = search(60).best_trial
    print(f"Optuna, 60 trials: {best.value:,.0f} parameters with {best.params}")
    every = convcost.sweep(
        BLOCK,
        over={"C": range(16, 257, 16), "M": "C,2C,4C", "K": [1, 3, 5, 7], "G": [1, 2, 3]},
        where=f"flops <= {BUDGET}",
        by="params:max",
    )
    print(f"all {every.points} designs: {every.rows[0].quantities['params']:,} with {every.rows[0].sizes}")
