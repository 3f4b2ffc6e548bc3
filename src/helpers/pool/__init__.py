"""Several cohorts together: their result tables combined by random effects; no participant's row is read or leaves a site."""

from helpers.pool.checks import list_differences, load_sites, tabulate_sites
from helpers.pool.claims import PooledClaims, pool_claims
from helpers.pool.describe import (
    describe_claims,
    describe_differences,
    describe_few,
    describe_left_out,
    describe_pool,
    set_side_by_side,
    tabulate_heterogeneity,
    tabulate_left_out,
    tabulate_pooled,
    tell_title,
)
from helpers.pool.features import FEATURE_COLUMNS, PooledFeatures, describe_features, pool_metabolites, pool_taxa
from helpers.pool.meta import Pooled, combine, leave_one_out
from helpers.pool.sharing import list_sites, read_site, share_results, write_shared, write_sites
from helpers.pool.site import Site, has_site, write_site

__all__ = [
    "FEATURE_COLUMNS",
    "Pooled",
    "PooledClaims",
    "PooledFeatures",
    "Site",
    "combine",
    "describe_claims",
    "describe_differences",
    "describe_features",
    "describe_few",
    "describe_left_out",
    "describe_pool",
    "has_site",
    "leave_one_out",
    "list_differences",
    "list_sites",
    "load_sites",
    "pool_claims",
    "pool_metabolites",
    "pool_taxa",
    "read_site",
    "set_side_by_side",
    "share_results",
    "tabulate_heterogeneity",
    "tabulate_left_out",
    "tabulate_pooled",
    "tabulate_sites",
    "tell_title",
    "write_shared",
    "write_site",
    "write_sites",
]
