"""Every write to shipments and parcels: handing over, and carriers' scans."""
